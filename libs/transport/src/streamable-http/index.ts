export { registerStreamableHttp, type StreamableHttpOptions } from './streamable-http.ts';
