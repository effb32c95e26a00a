/* The settings in the tree of a config file. Keys are nested at their dots or written with them:
 *
 *   events_dir: /srv/prodigy/events         packs: [prodigy, mine.yaml]
 *   web: {listen_address: ":9090"}          source_dirs: {events: /srv/events}
 *
 * Beside them may stand the sections of a rule pack, which are not looked into here. */
#ifndef CONFIG_CONFIG_FILE_H
#define CONFIG_CONFIG_FILE_H

struct diagnostics;
struct setting_place;
struct settings;
struct tree;

/* Puts every setting of `root` into its field. Unknown keys and bad values go to `diagnostics`
 * with their position and are left out. */
void config_file_apply(const struct tree *root, struct settings *settings,
                       const struct setting_place *place, struct diagnostics *diagnostics);

#endif
