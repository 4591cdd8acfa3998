// A text file as a whole; what is no text, or too long, is refused.
import { Failure } from '../kit/failure.ts'
import { withFile } from '../kit/open-file.ts'

/** At a path that was checked. */
export async function readDocument(realPath: string, mostBytes: number): Promise<string> {
  const bytes = await withFile(realPath, async (file, size) => {
    if (size > mostBytes)
      throw new Failure('validation_error', `${realPath} has more than ${mostBytes} bytes.`, 'Split it.')
    return file.readFile()
  })
  if (bytes.includes(0)) throw new Failure('validation_error', `${realPath} is not text.`, 'Give its text instead.')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Failure('validation_error', `${realPath} is not UTF-8.`, 'Give its text instead.')
  }
}
