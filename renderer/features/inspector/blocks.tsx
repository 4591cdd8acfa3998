// Each piece of an answer in its one safe way: text as text, images only from data: addresses of ours, links never followed.
import { IconFile, IconLink, IconMusic, IconPhoto } from '@tabler/icons-react'
import { bytes, CopyButton, Foreign, JsonView, layOut } from '../../ui/index.ts'
import css from './inspector.module.css'
import type { Answer, Block } from './result.ts'

const MAX_CHARS = 20_000

export function Blocks({
  blocks,
  by,
  failed,
  titled,
}: {
  blocks: Answer['blocks']
  by: string
  failed: boolean
  titled: boolean
}) {
  return (
    <div className={css.blocks} data-failed={failed}>
      {titled && <h3 className={css.sub}>Text for the model</h3>}
      {blocks.map(({ role, block }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: pieces of an answer have no name of their own
        <div key={at} className={css.block}>
          {role && <p className={css.role}>{role}</p>}
          <One block={block} />
        </div>
      ))}
      <p className={css.by}>{by} says</p>
    </div>
  )
}

function One({ block }: { block: Block }) {
  switch (block.kind) {
    case 'text':
      return looksLikeJson(block.text) ? (
        <JsonView text={block.text} maxHeight={420} />
      ) : (
        <div className={css.foreignText} data-mono={block.markdown || /\n/.test(block.text)}>
          <Foreign text={block.text} max={MAX_CHARS} />
        </div>
      )
    case 'image':
      return (
        <figure className={css.media}>
          <img src={block.src} alt={`Sent by the server, ${block.mime}`} />
          <figcaption>
            <IconPhoto size={14} aria-hidden /> {block.mime}, {bytes(block.bytes)}
          </figcaption>
        </figure>
      )
    case 'audio':
      return (
        <figure className={css.media}>
          {/* biome-ignore lint/a11y/useMediaCaption: what a server sends has no captions */}
          <audio controls src={block.src} />
          <figcaption>
            <IconMusic size={14} aria-hidden /> {block.mime}, {bytes(block.bytes)}
          </figcaption>
        </figure>
      )
    case 'link':
      return (
        <div className={css.resource}>
          <IconLink size={15} aria-hidden />
          <div>
            <Foreign text={block.name || block.uri} max={160} />
            <p className={css.uri}>
              <Foreign text={block.uri} max={400} mono /> <CopyButton text={block.uri} label="Copy address" />
            </p>
            {block.words && (
              <p className={css.quiet}>
                <Foreign text={block.words} max={400} />
              </p>
            )}
          </div>
        </div>
      )
    case 'resource':
      return (
        <div className={css.resource}>
          <IconFile size={15} aria-hidden />
          <div>
            <p className={css.uri}>
              <Foreign text={block.uri} max={400} mono />
              {block.mime && (
                <span className={css.quiet}>
                  {' '}
                  <Foreign text={block.mime} max={60} />
                </span>
              )}
            </p>
            {looksLikeJson(block.text) ? (
              <JsonView text={block.text} maxHeight={420} />
            ) : (
              <div className={css.foreignText} data-mono="true">
                <Foreign text={block.text} max={MAX_CHARS} />
              </div>
            )}
          </div>
        </div>
      )
    case 'binary':
      return (
        <p className={css.quiet}>
          <Foreign text={block.mime} max={80} />, {bytes(block.bytes)}: not shown here.
        </p>
      )
    case 'other':
      return <JsonView text={JSON.stringify(block.json)} maxHeight={420} />
  }
}

/** Only whole objects and lists: a lone number or word is text. */
function looksLikeJson(text: string): boolean {
  return /^\s*[[{]/.test(text) && text.length < 1_000_000 && layOut(text) !== text
}
