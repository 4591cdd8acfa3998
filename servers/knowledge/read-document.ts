// A text file as a whole; what is no text, or too long, is refused.
import { readFile } from 'node:fs/promises'
import { Failure } from '../kit/failure.ts'

export async function readDocument(path: string, size: number, most: number): Promise<string> {
  if (size > most) throw new Failure('validation_error', `${path} has more than ${most} bytes.`, 'Split it.')
  const bytes = await readFile(path)
  if (bytes.includes(0)) throw new Failure('validation_error', `${path} is not text.`, 'Give its text instead.')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Failure('validation_error', `${path} is not UTF-8.`, 'Give its text instead.')
  }
}
