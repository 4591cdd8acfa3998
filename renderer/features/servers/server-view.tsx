export function ServerView() {
  return null
}
