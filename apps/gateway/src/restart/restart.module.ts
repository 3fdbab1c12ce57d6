import { Module } from '@nestjs/common';
import { RestartController } from './restart.controller.ts';
import { Restarts } from './restarts.ts';

@Module({ controllers: [RestartController], providers: [Restarts], exports: [Restarts] })
export class RestartModule {}
