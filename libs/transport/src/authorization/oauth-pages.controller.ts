import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { Throttle } from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentCall, Operation, type Call } from '#call';
import { LOGIN_LIMIT } from '#identity';
import { Interactions, type Form } from '#oauth';
import { oauthRequest, send } from './oauth-exchange.ts';

const page = (name: string, event?: string) =>
  Operation({
    name: `oauth.${name}`,
    public: true,
    foreignInput: true,
    revealsSecret: true,
    ...(event && { event }),
  });

/** `/oauth/interaction`: the pages on which a person logs in and allows a client. */
@Controller('oauth/interaction/:uid')
export class OAuthPagesController {
  constructor(private readonly interactions: Interactions) {}

  @Get()
  @page('page')
  async show(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    send(await this.interactions.show(oauthRequest(request), uidOf(request)), request, reply);
  }

  @Post('login')
  @Throttle(LOGIN_LIMIT)
  @RouteConfig({ forms: true })
  @page('login', 'login')
  async login(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @CurrentCall() call: Call) {
    const answer = await this.interactions.login(
      oauthRequest(request),
      uidOf(request),
      formOf(request),
      call,
    );
    send(answer, request, reply);
  }

  @Post('consent')
  @RouteConfig({ forms: true })
  @page('consent', 'oauth_consent')
  async consent(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @CurrentCall() call: Call) {
    const answer = await this.interactions.consent(
      oauthRequest(request),
      uidOf(request),
      formOf(request),
      call,
    );
    send(answer, request, reply);
  }

  @Post('cancel')
  @RouteConfig({ forms: true })
  @page('cancel', 'oauth_cancelled')
  async cancel(@Req() request: FastifyRequest, @Res() reply: FastifyReply) {
    const answer = await this.interactions.cancel(oauthRequest(request), uidOf(request), formOf(request));
    send(answer, request, reply);
  }
}

function uidOf({ params }: FastifyRequest): string {
  return (params as { uid: string }).uid;
}

/** A field that comes twice is none. */
function formOf({ body }: FastifyRequest): Form {
  const sent = (body ?? {}) as Record<string, unknown>;
  return Object.fromEntries(
    ['token', 'name', 'password', 'totp'].flatMap((name) =>
      typeof sent[name] === 'string' ? [[name, sent[name]]] : [],
    ),
  );
}
