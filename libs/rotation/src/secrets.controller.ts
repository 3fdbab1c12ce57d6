import { Controller, Get } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { Operation } from '#call';
import { Secrets } from '#secrets';
import { SecretAges, type SecretAge } from './secret-ages.ts';

const DAY_MS = 86_400_000;

/** A secret, for those who rotate it. */
export interface SecretView {
  /** The setting. */
  name: string;
  /** `environment`, `file` or `aws`. */
  source: string;
  since: string;
  age_days: number;
  /** Null for what the calendar does not rotate. */
  rotate_by: string | null;
  overdue: boolean;
  /** Why its newest value is not used; null where it is. */
  refused: string | null;
}

export interface SecretListView {
  secrets: SecretView[];
  /** Why AWS Secrets Manager can't be asked; null where it can, or is not used. */
  unavailable: string | null;
}

/** `/admin/secrets`: which secrets there are, how old each is, and when it is to be rotated. No value, and nothing of one. */
@Controller('admin/secrets')
export class SecretsController {
  constructor(
    private readonly ages: SecretAges,
    private readonly secrets: Secrets,
  ) {}

  @Get()
  @RouteConfig({ everywhere: true })
  @Operation({ name: 'secrets.list', permission: 'secrets:read' })
  list(): SecretListView {
    return { secrets: this.ages.list().map(viewOf), unavailable: this.secrets.unavailable ?? null };
  }
}

function viewOf({ name, source, since, dueAt, overdue, refused }: SecretAge): SecretView {
  return {
    name,
    source,
    since: since.toISOString(),
    age_days: Math.floor((Date.now() - since.getTime()) / DAY_MS),
    rotate_by: dueAt?.toISOString() ?? null,
    overdue,
    refused: refused ?? null,
  };
}
