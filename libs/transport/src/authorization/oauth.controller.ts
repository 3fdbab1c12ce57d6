import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentCall, Operation, type Call } from '#call';
import { AuthorizationServer, registrationOf, understood } from '#oauth';
import { oauthRequest, send } from './oauth-exchange.ts';

/** What the protocol says of an input is checked by its server, and what comes of it may be a secret of its caller's own. */
const oauth = (name: string, event?: string) =>
  Operation({
    name: `oauth.${name}`,
    public: true,
    foreignInput: true,
    revealsSecret: true,
    ...(event && { event }),
  });

/** Where the server itself has its metadata. */
const METADATA = '/.well-known/openid-configuration';
const published = (name: string) =>
  Operation({ name, public: true, foreignInput: true, audit: 'refusals', revealsSecret: true });
const metadata = () => published('oauth.metadata');

/** `/oauth`: the endpoints of the embedded authorization server. Each request is a call like any other. */
@Controller()
export class OAuthController {
  constructor(private readonly server: AuthorizationServer) {}

  /** RFC 8414, section 3.1. */
  @Get('.well-known/oauth-authorization-server/oauth')
  @metadata()
  async metadata(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @CurrentCall() call: Call) {
    await this.#pass(request, reply, call, METADATA);
  }

  /** The same, where clients look for it that know OpenID Connect: MCP has them try one place after the other. */
  @Get('.well-known/openid-configuration/oauth')
  @metadata()
  async openIdMetadata(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @CurrentCall() call: Call,
  ) {
    await this.#pass(request, reply, call, METADATA);
  }

  /** OpenID Connect Discovery, section 4. */
  @Get('oauth/.well-known/openid-configuration')
  @metadata()
  async openIdMetadataBelow(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @CurrentCall() call: Call,
  ) {
    await this.#pass(request, reply, call, METADATA);
  }

  @Get('oauth/jwks')
  @published('oauth.jwks')
  async jwks(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @CurrentCall() call: Call) {
    await this.#pass(request, reply, call, '/jwks');
  }

  @Get('oauth/authorize')
  @oauth('authorize')
  async authorize(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @CurrentCall() call: Call) {
    const [, query = ''] = request.url.split(/\?(.*)/s);
    await this.#pass(request, reply, call, `/authorize?${understood(query)}`);
  }

  @Get('oauth/authorize/:uid')
  @oauth('resume', 'oauth_authorized')
  async resume(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @CurrentCall() call: Call) {
    await this.#pass(request, reply, call);
  }

  @Post('oauth/token')
  @RouteConfig({ forms: true })
  @oauth('token', 'oauth_token_issued')
  async token(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @CurrentCall() call: Call) {
    const grant = (request.body as { grant_type?: unknown } | undefined)?.grant_type;
    if (typeof grant === 'string') call.note('grant_type', grant.slice(0, 64));
    await this.#pass(request, reply, call);
  }

  @Post('oauth/revoke')
  @RouteConfig({ forms: true })
  @oauth('revoke', 'oauth_token_revoked')
  async revoke(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @CurrentCall() call: Call) {
    await this.#pass(request, reply, call);
  }

  @Post('oauth/introspect')
  @RouteConfig({ forms: true })
  @oauth('introspect')
  async introspect(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @CurrentCall() call: Call) {
    await this.#pass(request, reply, call);
  }

  @Post('oauth/register')
  @oauth('register', 'oauth_client_registered')
  async register(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @CurrentCall() call: Call) {
    this.server.requireRegistration();
    const registration = registrationOf(request.body);
    if (!registration) {
      send(this.server.refuseRegistration(), request, reply);
      return;
    }
    const body = { type: 'application/json', bytes: Buffer.from(JSON.stringify(registration)) };
    send(await this.server.answer({ ...oauthRequest(request), body }, call), request, reply);
  }

  async #pass(request: FastifyRequest, reply: FastifyReply, call: Call, path?: string): Promise<void> {
    send(await this.server.answer(oauthRequest(request, path), call), request, reply);
  }
}
