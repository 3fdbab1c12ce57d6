import { Module } from '@nestjs/common';
import { PipelineModule } from '#pipeline';
import { DocsController } from './docs.controller.ts';
import { OpenApiDocument } from './open-api-document.ts';

@Module({ imports: [PipelineModule], controllers: [DocsController], providers: [OpenApiDocument] })
export class DocsModule {}
