// What of GitHub's answers is used, and how it is told: anything else is not believed.
import { z } from 'zod'

const login = z
  .object({ login: z.string() })
  .nullish()
  .transform(user => user?.login ?? null)
const text = z
  .string()
  .nullish()
  .transform(given => given ?? '')
const labels = z
  .array(z.union([z.string(), z.object({ name: z.string().nullish() })]))
  .default([])
  .transform(all => all.map(one => (typeof one === 'string' ? one : (one.name ?? ''))))

const repository = z.object({
  full_name: z.string(),
  description: text,
  private: z.boolean(),
  fork: z.boolean(),
  archived: z.boolean().default(false),
  default_branch: z.string(),
  language: z.string().nullish(),
  stargazers_count: z.number().default(0),
  open_issues_count: z.number().default(0),
  updated_at: z.string().nullish(),
  pushed_at: z.string().nullish(),
  html_url: z.string(),
  permissions: z.record(z.string(), z.boolean()).optional(),
})
const repositoryTold = (one: z.output<typeof repository>) => ({
  fullName: one.full_name,
  description: one.description,
  private: one.private,
  fork: one.fork,
  archived: one.archived,
  defaultBranch: one.default_branch,
  language: one.language ?? null,
  stars: one.stargazers_count,
  openIssues: one.open_issues_count,
  updatedAt: one.updated_at ?? null,
  pushedAt: one.pushed_at ?? null,
  url: one.html_url,
  mayPush: one.permissions?.push ?? null,
})
export const Repository = repository.transform(repositoryTold)
export const RepositoryWithId = repository
  .extend({ node_id: z.string() })
  .transform(one => ({ ...repositoryTold(one), id: one.node_id }))
export const RepositoryOut = z.object({
  fullName: z.string(),
  description: z.string(),
  private: z.boolean(),
  fork: z.boolean(),
  archived: z.boolean(),
  defaultBranch: z.string(),
  language: z.string().nullable(),
  stars: z.number(),
  openIssues: z.number(),
  updatedAt: z.string().nullable(),
  pushedAt: z.string().nullable(),
  url: z.string(),
  mayPush: z.boolean().nullable(),
})

const issue = {
  number: z.number(),
  title: z.string(),
  state: z.string(),
  user: login,
  labels,
  comments: z.number().default(0),
  created_at: z.string(),
  updated_at: z.string(),
  html_url: z.string(),
  /** There where it is a pull request. */
  pull_request: z.object({}).optional(),
}
const issueTold = (one: z.output<z.ZodObject<typeof issue>>) => ({
  number: one.number,
  title: one.title,
  state: one.state,
  author: one.user,
  labels: one.labels,
  comments: one.comments,
  createdAt: one.created_at,
  updatedAt: one.updated_at,
  url: one.html_url,
  isPullRequest: one.pull_request !== undefined,
})
export const Issue = z.object(issue).transform(issueTold)
export const WholeIssue = z.object({ ...issue, body: text }).transform(one => ({ ...issueTold(one), body: one.body }))
export const IssueOut = z.object({
  number: z.number(),
  title: z.string(),
  state: z.string(),
  author: z.string().nullable(),
  labels: z.array(z.string()),
  comments: z.number(),
  createdAt: z.string(),
  updatedAt: z.string(),
  url: z.string(),
  isPullRequest: z.boolean(),
})

export const Comment = z
  .object({ id: z.number(), user: login, body: text, created_at: z.string(), html_url: z.string() })
  .transform(one => ({ id: one.id, author: one.user, body: one.body, createdAt: one.created_at, url: one.html_url }))
export const CommentOut = z.object({
  id: z.number(),
  author: z.string().nullable(),
  body: z.string(),
  createdAt: z.string(),
  url: z.string(),
})

const end = z.object({ ref: z.string(), sha: z.string(), label: z.string().nullish() })
const base = end.extend({ repo: z.object({ full_name: z.string() }) })
export const PullRequest = z
  .object({
    number: z.number(),
    title: z.string(),
    state: z.string(),
    draft: z.boolean().default(false),
    user: login,
    head: end,
    base,
    updated_at: z.string(),
    html_url: z.string(),
    /** In a list this alone says that it was merged. */
    merged_at: z.string().nullish(),
    changed_files: z.number().optional(),
  })
  .transform(one => ({
    number: one.number,
    title: one.title,
    state: one.merged_at ? 'merged' : one.state,
    draft: one.draft,
    author: one.user,
    head: one.head.label ?? one.head.ref,
    headSha: one.head.sha,
    base: one.base.ref,
    repository: one.base.repo.full_name,
    updatedAt: one.updated_at,
    url: one.html_url,
    changedFiles: one.changed_files ?? null,
  }))
export const PullRequestOut = z.object({
  number: z.number(),
  title: z.string(),
  state: z.string(),
  draft: z.boolean(),
  author: z.string().nullable(),
  head: z.string(),
  headSha: z.string(),
  base: z.string(),
  repository: z.string(),
  updatedAt: z.string(),
  url: z.string(),
  changedFiles: z.number().nullable(),
})

export const Branch = z.object({ name: z.string(), protected: z.boolean(), commit: z.object({ sha: z.string() }) })
export const Merged = z.object({ sha: z.string(), merged: z.literal(true) })
/** Of a mutation: GraphQL answers 200 also where it refuses. */
export const Mutated = z.object({
  data: z.record(z.string(), z.object({}).nullable()).nullish(),
  errors: z.array(z.object({ type: z.string().optional(), message: z.string() })).default([]),
})

export const Found = z
  .object({
    total_count: z.number(),
    incomplete_results: z.boolean(),
    items: z.array(
      z
        .object({
          path: z.string(),
          sha: z.string(),
          html_url: z.string(),
          repository: z.object({ full_name: z.string() }),
          text_matches: z.array(z.object({ fragment: text })).default([]),
        })
        .transform(one => ({
          repository: one.repository.full_name,
          path: one.path,
          url: one.html_url,
          fragments: one.text_matches.map(({ fragment }) =>
            fragment.length > 1_000 ? `${fragment.slice(0, 1_000)}…` : fragment,
          ),
        })),
    ),
  })
  .transform(one => ({ total: one.total_count, incomplete: one.incomplete_results, items: one.items }))
export const FoundOut = z.object({
  repository: z.string(),
  path: z.string(),
  url: z.string(),
  fragments: z.array(z.string()),
})
