import { Module } from '@nestjs/common';
import { MaskingInterceptor } from './masking.interceptor.ts';

@Module({ providers: [MaskingInterceptor], exports: [MaskingInterceptor] })
export class MaskingModule {}
