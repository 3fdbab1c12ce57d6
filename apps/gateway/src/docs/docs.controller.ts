import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Get, Header, StreamableFile } from '@nestjs/common';
import { IsIn } from 'class-validator';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Input, Operation } from '#call';
import { OpenApiDocument } from './open-api-document.ts';

/** The only files that are served: of Swagger UI, by name. */
const ASSETS = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'start.js': 'text/javascript; charset=utf-8',
} as const;
type Asset = keyof typeof ASSETS;

class AssetName {
  @IsIn(Object.keys(ASSETS))
  name!: Asset;
}

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>Gatehouse API</title>
    <link rel="stylesheet" href="docs/assets/swagger-ui.css">
  </head>
  <body>
    <div id="ui"></div>
    <script src="docs/assets/swagger-ui-bundle.js"></script>
    <script src="docs/assets/start.js"></script>
  </body>
</html>
`;
const START = `SwaggerUIBundle({ url: 'docs/openapi.json', dom_id: '#ui' });\n`;
/** Scripts and styles of our own only; Swagger UI sets styles and data: images itself. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "connect-src 'self'; frame-ancestors 'none'";

const swaggerUi = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

/** The API's own documentation. Public: it says what there is, and nothing of what is in it. */
@Controller('docs')
export class DocsController {
  constructor(private readonly openApi: OpenApiDocument) {}

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', PAGE_POLICY)
  @Operation({ name: 'docs.page', public: true, audit: 'refusals' })
  page(): string {
    return PAGE;
  }

  @Get('openapi.json')
  @Operation({ name: 'docs.openapi', public: true, audit: 'refusals' })
  document(): OpenAPIObject {
    return this.openApi.document;
  }

  @Get('assets/:name')
  @Operation({ name: 'docs.asset', public: true, audit: 'refusals', input: AssetName })
  async asset(@Input() { name }: AssetName): Promise<StreamableFile> {
    const bytes = name === 'start.js' ? Buffer.from(START) : await readFile(join(swaggerUi, name));
    return new StreamableFile(bytes, { type: ASSETS[name] });
  }
}
