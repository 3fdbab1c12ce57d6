import type { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { isEmail, isFQDN, isISO8601, isRFC3339 } from 'class-validator';

const ASCII = /^[\x21-\x7e]+$/;
const FULL_DATE = /^\d{4}-\d{2}-\d{2}$/;

/**
 * The formats that are enforced: what the standard allows and class-validator allows too, so that neither the schema nor
 * the decorator promises more than is kept. Another format in a schema stops the boot.
 */
export function addOurFormats(ajv: Ajv2020): void {
  addFormats.default(ajv, ['uri', 'uuid', 'ipv4', 'ipv6']);
  ajv.addFormat('date', (text: string) => FULL_DATE.test(text) && isISO8601(text, { strict: true }));
  ajv.addFormat('date-time', (text: string) => isRFC3339(text) && isISO8601(text, { strict: true }));
  ajv.addFormat('email', (text: string) => ASCII.test(text) && isEmail(text));
  ajv.addFormat('hostname', (text: string) => ASCII.test(text) && isFQDN(text));
}
