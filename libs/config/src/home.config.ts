import { defineConfig } from './define-config.ts';
import { setting } from './setting.ts';

/** Where Gatehouse keeps what it owns on this machine. */
export const homeConfig = defineConfig('home', {
  dataDir: setting.text({
    env: 'DATA_DIR',
    description: 'Folder of the embedded database, the audit journal and the generated secrets',
    default: '.gatehouse',
    shape: 'a path of a folder',
  }),
});
