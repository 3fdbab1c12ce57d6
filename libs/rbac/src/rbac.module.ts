import { Module } from '@nestjs/common';
import { AuthoriseGuard } from './authorise.guard.ts';

@Module({ providers: [AuthoriseGuard], exports: [AuthoriseGuard] })
export class RbacModule {}
