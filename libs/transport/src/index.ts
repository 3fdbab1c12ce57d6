export { GatehouseAdapter } from './http-server/gatehouse-adapter.ts';
export { registerHttpDoor, type HttpDoor } from './http-server/http-door.ts';
export { httpConfig } from './http-server/http.config.ts';
export { HttpServerModule } from './http-server/http-server.module.ts';
export { registerJsonBody } from './http-server/json-body.ts';
export { ManagementListener } from './http-server/management-listener.ts';
export { OriginPolicy } from './http-server/origin-policy.ts';
export { securityHeaders } from './http-server/security-headers.ts';
export { registerStreamableHttp } from './streamable-http/index.ts';
