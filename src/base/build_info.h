/* What was built, from what, by whom: for `version` and for the build_info metric.
 *
 * The build defines these, each a string literal (-DBUILD_VERSION="..." or a generated header
 * base/build_facts.h on the include path); without it the fall-backs below hold:
 *
 *   BUILD_VERSION   "0.1.0"                what the project calls this state
 *   BUILD_REVISION  "1f2e3d4c5b..."        commit, with "-modified" where the tree differs from it
 *   BUILD_BRANCH    "main"
 *   BUILD_COMPILER  "gcc 12.2.0"
 *   BUILD_USER      "name@host"            left out of reproducible builds
 *   BUILD_DATE      "20261121-03:04:05"    UTC; SOURCE_DATE_EPOCH's time where that is set
 *   BUILD_OS        "linux"
 *   BUILD_ARCH      "amd64"                names as in Go's GOARCH
 */
#ifndef BASE_BUILD_INFO_H
#define BASE_BUILD_INFO_H

#if defined(__has_include)
#if __has_include("base/build_facts.h")
#include "base/build_facts.h"
#endif
#endif

#ifndef BUILD_VERSION
#define BUILD_VERSION "unknown"
#endif
#ifndef BUILD_REVISION
#define BUILD_REVISION "unknown"
#endif
#ifndef BUILD_BRANCH
#define BUILD_BRANCH "unknown"
#endif
#ifndef BUILD_USER
#define BUILD_USER "unknown"
#endif
#ifndef BUILD_DATE
#define BUILD_DATE "unknown"
#endif

#ifndef BUILD_COMPILER
#if defined(__clang__)
#define BUILD_COMPILER __VERSION__
#elif defined(__GNUC__)
#define BUILD_COMPILER "gcc " __VERSION__
#else
#define BUILD_COMPILER "unknown"
#endif
#endif

#ifndef BUILD_OS
#if defined(__linux__)
#define BUILD_OS "linux"
#else
#define BUILD_OS "unknown"
#endif
#endif

#ifndef BUILD_ARCH
#if defined(__x86_64__)
#define BUILD_ARCH "amd64"
#elif defined(__i386__)
#define BUILD_ARCH "386"
#elif defined(__aarch64__)
#define BUILD_ARCH "arm64"
#elif defined(__arm__)
#define BUILD_ARCH "arm"
#elif defined(__riscv)
#define BUILD_ARCH "riscv64"
#elif defined(__powerpc64__)
#define BUILD_ARCH "ppc64le"
#elif defined(__s390x__)
#define BUILD_ARCH "s390x"
#else
#define BUILD_ARCH "unknown"
#endif
#endif

#endif
