import { Controller, HttpCode, Post } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { Operation } from '#call';
import { Restarts } from './restarts.ts';

/** `/restart`, on the management port: what runs is finished, the records are made safe, and the process ends. */
@Controller('restart')
export class RestartController {
  constructor(private readonly restarts: Restarts) {}

  @Post()
  @HttpCode(202)
  @RouteConfig({ management: true })
  @Operation({ name: 'gateway.restart', permission: 'gateway:restart', event: 'gateway_restart' })
  restart(): { restarting: true } {
    this.restarts.request();
    return { restarting: true };
  }
}
