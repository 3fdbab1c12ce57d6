import { Module } from '@nestjs/common';
import { PolicyFile } from './policy/policy-file.ts';

/** What the guards of libs/rbac go by. The guards themselves stand in the list of libs/pipeline. */
@Module({ providers: [PolicyFile], exports: [PolicyFile] })
export class RbacModule {}
