import type { BlockGate } from '#blocking';
import type { Call } from '#call';
import type { GatehouseError } from '#errors';

/** What a call from a blocked address is refused with. It is counted with the others of that address, and has no record of its own. */
export async function addressRefusal(
  blocks: Pick<BlockGate, 'find' | 'refusalOf'>,
  call: Call,
): Promise<GatehouseError | undefined> {
  const blocked = blocks.find(call.address);
  const refusal = blocked && (await blocks.refusalOf(call, blocked));
  if (refusal) call.settled = true;
  return refusal;
}
