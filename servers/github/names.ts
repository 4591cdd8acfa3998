// Names that go into GitHub's addresses, and nothing that could lead elsewhere.
import { z } from 'zod'
import { holdsToken } from '../kit/shapes.ts'

export const owner = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, 'is the login of a user or an organisation')
export const repo = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,100}$/, 'is the name of a repository, without its owner')
  .refine(name => !/^\.{1,2}$/.test(name), 'is the name of a repository')
export const number = z.int().min(1).max(2_147_483_647).describe('Of the issue or pull request, as in #3')

/** What git takes as a branch's name (git-check-ref-format), without refs/heads/. */
export const branch = z
  .string()
  .min(1)
  .max(244)
  .refine(isBranchName, 'is a branch as git names it, without refs/heads/')

function isBranchName(name: string): boolean {
  if (name === 'HEAD' || !name.isWellFormed()) return false
  if (/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$|^@$|^refs\//.test(name)) return false
  return name.split('/').every(part => !part.startsWith('.') && !part.endsWith('.lock'))
}

/** A commit, as it was read. */
export const commit = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/, 'is the whole id of a commit')

/** Goes into an address: half a character cannot. */
export const asked = (most: number) => z.string().max(most).refine(isWhole, 'has half a character in it')
const isWhole = (text: string) => text.isWellFormed()

/** For others to read, often for all. */
export const published = (most: number) =>
  asked(most).refine(
    text => !holdsToken(text),
    'holds what looks like a token or a key, for all to see who may see the repository: take it out',
  )

export const PAGES = {
  page: z.int().min(1).max(10_000).default(1),
  per_page: z.int().min(1).max(100).default(30),
}
