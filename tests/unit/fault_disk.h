/* A disk that fails when it is told to: it stands between SQLite and its own, for all connections
 * of this process. */
#ifndef FAULT_DISK_H
#define FAULT_DISK_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum disk_fault {
    DISK_WORKS,
    DISK_FULL,      /* no write succeeds */
    DISK_UNWRITTEN, /* every write is an error */
    DISK_UNSYNCED,  /* every sync is an error */
    DISK_STALLS     /* a sync waits until that is over */
};

/* SQLite asks for the functions of its files through plain pointers: there is no context. */
static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    sqlite3_io_methods methods;
    _Atomic enum disk_fault fault;
    atomic_int kill_at; /* 0: never; else the process ends by SIGKILL at the n-th change from now */
    atomic_int stalled; /* syncs that have met DISK_STALLS */
} disk;

struct disk_file {
    sqlite3_file base;
    sqlite3_file *real; /* lies behind this */
};

static inline sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct disk_file *)(void *)file)->real;
}

static inline void count_change(void)
{
    if (atomic_load(&disk.kill_at) > 0 && atomic_fetch_sub(&disk.kill_at, 1) == 1)
        kill(getpid(), SIGKILL);
}

static int disk_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int disk_read(sqlite3_file *file, void *bytes, int length, sqlite3_int64 offset)
{
    return real_of(file)->pMethods->xRead(real_of(file), bytes, length, offset);
}

static int disk_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
    count_change();
    if (atomic_load(&disk.fault) == DISK_FULL)
        return SQLITE_FULL;
    if (atomic_load(&disk.fault) == DISK_UNWRITTEN) {
        errno = EIO;
        return SQLITE_IOERR_WRITE;
    }
    return real_of(file)->pMethods->xWrite(real_of(file), bytes, length, offset);
}

static int disk_truncate(sqlite3_file *file, sqlite3_int64 length)
{
    count_change();
    return real_of(file)->pMethods->xTruncate(real_of(file), length);
}

static int disk_sync(sqlite3_file *file, int flags)
{
    count_change();
    if (atomic_load(&disk.fault) == DISK_UNSYNCED) {
        errno = EIO;
        return SQLITE_IOERR_FSYNC;
    }
    if (atomic_load(&disk.fault) == DISK_STALLS)
        atomic_fetch_add(&disk.stalled, 1);
    while (atomic_load(&disk.fault) == DISK_STALLS)
        usleep(1000);
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int disk_file_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), ret_size);
}

static int disk_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int disk_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int disk_check_lock(sqlite3_file *file, int *ret_locked)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret_locked);
}

static int disk_control(sqlite3_file *file, int operation, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int disk_sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int disk_character(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int disk_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret_map)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, ret_map);
}

static int disk_map_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void disk_map_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int disk_unmap(sqlite3_file *file, int remove)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static int disk_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                     int *ret_flags)
{
    struct disk_file *opened = (struct disk_file *)(void *)file;
    (void)vfs;
    opened->real = (sqlite3_file *)(void *)(opened + 1);
    opened->base.pMethods = NULL;
    int code = disk.real->xOpen(disk.real, path, opened->real, flags, ret_flags);
    if (opened->real->pMethods)
        opened->base.pMethods = &disk.methods;
    return code;
}

static int disk_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    (void)vfs;
    count_change();
    return disk.real->xDelete(disk.real, path, sync);
}

/* From now on, for every database that is opened. */
static inline void disk_install(void)
{
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.zName = "fault_disk";
    disk.vfs.szOsFile = (int)sizeof(struct disk_file) + disk.real->szOsFile;
    disk.vfs.pNext = NULL;
    disk.vfs.xOpen = disk_open;
    disk.vfs.xDelete = disk_delete;
    disk.methods = (sqlite3_io_methods){
        .iVersion = 2,
        .xClose = disk_close,
        .xRead = disk_read,
        .xWrite = disk_write,
        .xTruncate = disk_truncate,
        .xSync = disk_sync,
        .xFileSize = disk_file_size,
        .xLock = disk_lock,
        .xUnlock = disk_unlock,
        .xCheckReservedLock = disk_check_lock,
        .xFileControl = disk_control,
        .xSectorSize = disk_sector_size,
        .xDeviceCharacteristics = disk_character,
        .xShmMap = disk_map,
        .xShmLock = disk_map_lock,
        .xShmBarrier = disk_map_barrier,
        .xShmUnmap = disk_unmap,
    };
    sqlite3_vfs_register(&disk.vfs, 1);
}

static inline void disk_set(enum disk_fault fault)
{
    atomic_store(&disk.fault, fault);
}

#endif
