#!/usr/bin/env node
// `gatehouse security-audit`, by the name that operators know.
process.argv.splice(2, 0, 'security-audit');
await import('./gatehouse.js');
