import { Controller, HttpCode, Post } from '@nestjs/common';
import { Call, CurrentCall, Input, Operation } from '#call';
import { ErasePerson, ExportPerson } from './person.dto.ts';
import { Persons, type PersonErasure, type PersonExport } from './persons.service.ts';

/** `/persons`: export and erasure of what one author said. No tools: an agent is never to do that by itself. */
@Controller('persons')
export class PersonsController {
  constructor(private readonly persons: Persons) {}

  @Post('export')
  @HttpCode(200)
  @Operation({
    name: 'persons.export',
    permission: 'persons:read',
    input: ExportPerson,
    event: 'person_exported',
  })
  export(@Input() input: ExportPerson, @CurrentCall() call: Call): Promise<PersonExport> {
    return this.persons.export(input, call);
  }

  @Post('erase')
  @HttpCode(200)
  @Operation({
    name: 'persons.erase',
    permission: 'persons:erase',
    input: ErasePerson,
    event: 'person_erased',
  })
  erase(@Input() input: ErasePerson, @CurrentCall() call: Call): Promise<PersonErasure> {
    return this.persons.erase(input, call);
  }
}
