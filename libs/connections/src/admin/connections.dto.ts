import { IsString, Matches } from 'class-validator';
import { Page } from '#validation';

export class ListConnections extends Page {}

export class ConnectionId {
  @IsString()
  @Matches(/^[0-9a-f]{12}-[0-9a-f]{12}$/)
  id!: string;
}
