/** What a person can read and tell apart: no control or formatting characters, no space at an end or beside another. */
export const READABLE = /^[^\p{C}\p{Z}]+( [^\p{C}\p{Z}]+)*$/u;
