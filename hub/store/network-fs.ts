// Tells file systems of other machines, where SQLite's locks cannot be trusted.

const BY_MAGIC: Record<number, string> = {
  26985: 'NFS',
  20859: 'SMB',
  4283649346: 'CIFS',
  4266872130: 'SMB',
  16914839: '9P',
  1397113167: 'AFS',
  1799439955: 'AFS',
  1937076805: 'Coda',
  22092: 'NCP',
  12805120: 'Ceph',
  198183888: 'Lustre',
  1952539503: 'OCFS2',
  1196443219: 'GPFS',
  79457: 'GFS2',
}
const FUSE = 0x65735546
const REMOTE_FUSE =
  /^fuse\.(sshfs|rclone|s3fs|goofys|gcsfuse|blobfuse2?|davfs2?|curlftpfs|gvfsd-fuse|smbnetfs|glusterfs|cephfs|ceph-fuse|juicefs|mount-s3|google-drive-ocamlfuse|onedriver|kio-fuse)\b/

/** The name of the network file system behind a statfs type, or null. `mountType` (of /proc/self/mountinfo) tells FUSE apart. */
export function networkFileSystem(magic: number, mountType: string | null): string | null {
  const named = BY_MAGIC[magic >>> 0]
  if (named) return named
  if (magic >>> 0 === FUSE && mountType && REMOTE_FUSE.test(mountType)) return mountType
  return null
}

/** The type of the mount that holds `path`, from the text of /proc/self/mountinfo. */
export function mountTypeOf(path: string, mountinfo: string): string | null {
  let best = ''
  let type: string | null = null
  for (const line of mountinfo.split('\n')) {
    const [left, right] = line.split(' - ')
    const point = left?.split(' ')[4]?.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)))
    if (!point || !right) continue
    const holds = path === point || path.startsWith(point === '/' ? '/' : `${point}/`)
    // The last mount on a point is the one that shows.
    if (holds && point.length >= best.length) {
      best = point
      type = right.split(' ')[0] ?? null
    }
  }
  return type
}
