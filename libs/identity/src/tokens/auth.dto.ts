import { IsBoolean, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';

const ENROLMENT_CODE = /^[0-9a-z]{5}(-[0-9a-z]{5}){4}$/;
/** Of an authenticator, or a recovery code. */
const ONE_TIME_CODE = /^(\d{6}|[0-9a-z]{5}-[0-9a-z]{5})$/;

export class Login {
  @IsString()
  @MinLength(1)
  @MaxLength(100)
  name!: string;

  @IsString()
  @MinLength(1)
  @MaxLength(128)
  password!: string;

  @IsOptional()
  @IsString()
  @Matches(ONE_TIME_CODE)
  totp?: string;
}

export class Refresh {
  @IsString()
  @MinLength(1)
  @MaxLength(128)
  refresh_token!: string;
}

export class Logout {
  /** All sessions of the user, on all devices. */
  @IsOptional()
  @IsBoolean()
  everywhere?: boolean;
}

export class StepUp {
  @IsString()
  @Matches(ONE_TIME_CODE)
  totp!: string;
}

export class EnrolTotp {
  @IsString()
  @MinLength(1)
  @MaxLength(128)
  password!: string;

  /** Of an administrator; needed where there is no second factor yet. */
  @IsOptional()
  @IsString()
  @Matches(ENROLMENT_CODE)
  enrolment_code?: string;
}

export class ConfirmTotp {
  @IsString()
  @Matches(/^\d{6}$/)
  totp!: string;
}

export class ChangePassword {
  @IsString()
  @MinLength(1)
  @MaxLength(128)
  password!: string;

  @IsString()
  @MinLength(1)
  @MaxLength(128)
  new_password!: string;
}
