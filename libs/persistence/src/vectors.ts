import { Logger } from '@nestjs/common';
import { sql, type Kysely } from 'kysely';

/** Whether pgvector is there, installed now if the server has it and the user may. Nothing depends on it but vectors. */
export async function installVectors<T>(kysely: Kysely<T>): Promise<boolean> {
  try {
    await sql`create extension if not exists vector`.execute(kysely);
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown reason';
    new Logger('Persistence').warn(`No pgvector, so search is by words only: ${reason}`);
    return false;
  }
}
