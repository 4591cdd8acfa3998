// Reads files: text by pages, images whole, hashes in a stream.
import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { Failure } from '../kit/failure.ts'
import { withFile } from '../kit/open-file.ts'

/** At most this much in one answer. */
export const MAX_READ_BYTES = 10 * 1024 * 1024
/** As it travels: clients end a connection that brings a message of more than 10 MB, and a text is in it twice. */
const MOST_TEXT_SENT = 4.5 * 1024 * 1024
export const MAX_IMAGE_BYTES = 7 * 1024 * 1024
/** In bytes. A page holds at least one, so that each page goes on. */
const LONGEST_CHARACTER = 4

export async function sha256Of(realPath: string, signal: AbortSignal): Promise<string> {
  return withFile(realPath, async file => {
    const hash = createHash('sha256')
    for await (const chunk of file.createReadStream({ autoClose: false })) {
      signal.throwIfAborted()
      hash.update(chunk)
    }
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
    const wanted = Math.max(length, LONGEST_CHARACTER)
    const bytes = await readBytes(file, offset, Math.min(wanted, MAX_READ_BYTES, size - offset))
    if (encoding !== 'utf-16le' && bytes.includes(0)) {
      const isWide = bytes[0] === 0xff && bytes[1] === 0xfe
      throw new Failure(
        'validation_error',
        `${realPath} is not ${encoding} text: it holds zero bytes.`,
        isWide ? 'Read it with encoding utf-16le.' : 'Use get_file_info, or hash it. Images can be read as images.',
      )
    }
    let page: Buffer
    let text: string
    for (let most = bytes.length; ; most = Math.floor(most / 2)) {
      const isLast = offset + most >= size
      page = bytes.subarray(0, isLast ? most : wholeCharacters(bytes.subarray(0, most), encoding))
      text = decode(page, encoding, realPath)
      if (Buffer.byteLength(JSON.stringify(text)) <= MOST_TEXT_SENT) break
    }
    return {
      text,
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
  if (encoding === 'utf-16le') {
    const even = bytes.length - (bytes.length % 2)
    // The first half of a pair waits for its other half.
    return even >= 2 && (bytes[even - 1]! & 0xfc) === 0xd8 ? even - 2 : even
  }
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
  ['image/gif', b => /^GIF8[79]a/.test(b.toString('latin1', 0, 6))],
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
    if (size > MAX_IMAGE_BYTES)
      throw new Failure(
        'validation_error',
        `The image has ${size} bytes; at most ${MAX_IMAGE_BYTES} can be read.`,
        'Ask the person for a smaller copy.',
      )
    return (await readBytes(file, 0, size)).toString('base64')
  })
}
