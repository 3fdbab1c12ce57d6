import { describe, expect, it } from 'vitest';
import { definedConfigs } from '#config';
import { settingRows } from './settings.command.ts';

describe('gatehouse settings', async () => {
  const rows = await settingRows();

  it('knows each setting once, in an area of its own', () => {
    const settings = definedConfigs().flatMap((config) => Object.values(config.settings));
    expect(rows.map(({ name }) => name).toSorted()).toEqual(settings.map(({ env }) => env).toSorted());
    expect(rows.filter(({ area }) => area === 'Other')).toEqual([]);
  });

  it.each(rows.filter((row) => row.default !== ''))(
    'shows the default of $name as the variable is written: $default',
    ({ name, default: written }) => {
      const settings = definedConfigs().flatMap((config) => Object.values(config.settings));
      const setting = settings.find(({ env }) => env === name)!;
      expect(setting.parse(written, name)).toEqual(setting.default);
    },
  );
});
