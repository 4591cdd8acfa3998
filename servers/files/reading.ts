// Reads files: text by pages, images whole, hashes in a stream. Never follows a link that appeared after the check.
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Failure } from '../kit/failure.ts'

/** At most this much in one answer. */
export const MAX_READ_BYTES = 10 * 1024 * 1024

/** Opens a file whose path was checked; O_NOFOLLOW catches a swap of the file itself for a link. Closes after `use`. */
export async function withFile<T>(realPath: string, use: (file: FileHandle, size: number) => Promise<T>): Promise<T> {
  const file = await open(realPath, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  try {
    const stat = await file.stat()
    if (stat.isDirectory())
      throw new Failure('validation_error', `${realPath} is a folder.`, 'Use list_files for folders.')
    if (!stat.isFile())
      throw new Failure('validation_error', `${realPath} is not a regular file.`, 'Pipes and devices cannot be read.')
    return await use(file, stat.size)
  } finally {
    await file.close()
  }
}

export async function sha256Of(realPath: string): Promise<string> {
  return withFile(realPath, async file => {
    const hash = createHash('sha256')
    for await (const chunk of file.createReadStream({ autoClose: false })) hash.update(chunk)
    return hash.digest('hex')
  })
}

/** One page of a text. Offsets in bytes; a page ends between characters. */
export interface TextPage {
  text: string
  offset: number
  bytes: number
  totalBytes: number
  nextOffset: number | null
}

export const Encodings = ['utf-8', 'utf-16le', 'latin1'] as const
export type Encoding = (typeof Encodings)[number]

export async function readText(
  realPath: string,
  offset: number,
  length: number,
  encoding: Encoding,
): Promise<TextPage> {
  return withFile(realPath, async (file, size) => {
    if (offset > size)
      throw new Failure(
        'validation_error',
        `The file has ${size} bytes; ${offset} is past its end.`,
        'Use a smaller offset.',
      )
    const bytes = await readBytes(file, offset, Math.min(length, MAX_READ_BYTES, size - offset))
    if (encoding !== 'utf-16le' && bytes.includes(0)) {
      throw new Failure(
        'validation_error',
        `${realPath} is not text: it holds zero bytes.`,
        'Use get_file_info, or hash it. Images can be read as images.',
      )
    }
    const isLast = offset + bytes.length >= size
    const whole = isLast ? bytes.length : wholeCharacters(bytes, encoding)
    const page = bytes.subarray(0, whole)
    return {
      text: decode(page, encoding, realPath),
      offset,
      bytes: page.length,
      totalBytes: size,
      nextOffset: offset + page.length < size ? offset + page.length : null,
    }
  })
}

async function readBytes(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await file.read(buffer, done, length - done, offset + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return buffer.subarray(0, done)
}

/** How many bytes form whole characters, so that a page never splits one. */
function wholeCharacters(bytes: Buffer, encoding: Encoding): number {
  if (encoding === 'latin1') return bytes.length
  if (encoding === 'utf-16le') return bytes.length - (bytes.length % 2)
  let end = bytes.length
  while (end > 0 && end > bytes.length - 4 && (bytes[end - 1]! & 0xc0) === 0x80) end--
  const lead = bytes[end - 1]
  if (lead === undefined) return bytes.length
  const needs = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1
  return bytes.length - (end - 1) >= needs ? bytes.length : end - 1
}

function decode(bytes: Buffer, encoding: Encoding, path: string): string {
  if (encoding === 'latin1') return bytes.toString('latin1')
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Failure(
      'validation_error',
      `${path} is not ${encoding} text.`,
      'Try encoding latin1, or an offset between two characters.',
    )
  }
}

const IMAGES: [string, (b: Buffer) => boolean][] = [
  ['image/png', b => b.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]))],
  ['image/jpeg', b => b[0] === 0xff && b[1] === 0xd8 && b[2] === 0xff],
  ['image/gif', b => b.subarray(0, 4).toString('latin1') === 'GIF8'],
  [
    'image/webp',
    b => b.subarray(0, 4).toString('latin1') === 'RIFF' && b.subarray(8, 12).toString('latin1') === 'WEBP',
  ],
]

/** The image's type by its first bytes (names lie), or undefined. */
export async function imageType(realPath: string): Promise<string | undefined> {
  return withFile(realPath, async file => {
    const start = await readBytes(file, 0, 12)
    return IMAGES.find(([, is]) => is(start))?.[0]
  })
}

export async function readImage(realPath: string): Promise<string> {
  return withFile(realPath, async (file, size) => {
    if (size > MAX_READ_BYTES)
      throw new Failure(
        'validation_error',
        `The image has ${size} bytes; at most ${MAX_READ_BYTES} can be read.`,
        'Ask the person for a smaller copy.',
      )
    return (await readBytes(file, 0, size)).toString('base64')
  })
}
