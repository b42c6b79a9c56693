//! Which file systems are told, of all that are mounted. No system.

use std::collections::BTreeMap;
use std::path::Path;

use procfs::process::{MountInfo, MountInfos};

/// How the kernel writes what would break its lines. The backslash is last: what it gives must not
/// be read again.
const ESCAPES: [(&str, &str); 5] =
    [(r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\043", "#"), (r"\134", r"\")];

/// Where file systems with room of their own are mounted, each at its shortest mount point: one may
/// be mounted at many, and so may a file or a folder of it.
pub(super) fn told(mounts: MountInfos) -> Vec<String> {
    let mut shortest: BTreeMap<String, String> = BTreeMap::new();
    for mount in mounts.into_iter().filter(is_told) {
        let mount_point = unescaped(&mount.mount_point);
        let known = shortest.entry(mount.majmin).or_insert_with(|| mount_point.clone());
        if (mount_point.len(), &mount_point) < (known.len(), &*known) {
            *known = mount_point;
        }
    }
    shortest.into_values().collect()
}

fn is_told(mount: &MountInfo) -> bool {
    let source = mount.mount_source.as_deref().unwrap_or_default();
    let is_on_device = source.starts_with("/dev/") && !source.starts_with("/dev/loop");
    let is_by_fuse = mount.fs_type == "fuse" || mount.fs_type.starts_with("fuse.");
    let is_root = mount.mount_point == Path::new("/");
    let has_room = is_root || mount.fs_type == "zfs" || (is_on_device && !is_by_fuse);
    has_room && !mount.super_options.contains_key("ro")
}

fn unescaped(mount_point: &Path) -> String {
    let text = mount_point.to_string_lossy().into_owned();
    ESCAPES.into_iter().fold(text, |text, (escape, meant)| text.replace(escape, meant))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told_of(lines: &[&str]) -> Vec<String> {
        let mounts = lines.iter().map(|line| MountInfo::from_line(line).unwrap());
        told(MountInfos(mounts.collect()))
    }

    #[test]
    fn file_systems_on_devices_are_told() {
        let lines = [
            "22 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw",
            "23 22 8:1 / /boot rw - vfat /dev/sda1 rw,fmask=0022",
            "24 22 253:0 / /home rw - xfs /dev/mapper/vg-home rw",
            "25 22 8:17 / /media/stick rw - fuseblk /dev/sdb1 rw,user_id=0",
            "26 22 0:40 / /tank rw - zfs tank rw,xattr",
        ];
        let mut told = told_of(&lines);
        told.sort_unstable();
        assert_eq!(told, ["/", "/boot", "/home", "/media/stick", "/tank"]);
    }

    #[test]
    fn what_lies_in_memory_on_another_one_or_elsewhere_is_not_told() {
        let lines = [
            "30 22 0:5 / /proc rw - proc proc rw",
            "31 22 0:6 / /tmp rw - tmpfs tmpfs rw",
            "32 22 7:0 / /mnt/image rw - ext4 /dev/loop0 rw",
            "33 22 0:50 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw,lowerdir=/a",
            "34 22 0:51 / /mnt/nfs rw - nfs4 server:/export rw",
            "35 22 0:52 / /mnt/ssh rw - fuse.sshfs user@server: rw",
            "36 22 0:53 / /run/user/1000/doc rw - fuse /dev/fuse rw",
            "37 22 0:54 / /none rw - ramfs none rw",
        ];
        assert_eq!(told_of(&lines), [""; 0]);
    }

    #[test]
    fn what_cannot_be_written_does_not_fill_up_and_is_not_told() {
        let lines = [
            "40 22 11:0 / /media/cdrom ro - iso9660 /dev/sr0 ro",
            "41 22 254:1 / /usr ro - erofs /dev/vda1 ro",
        ];
        assert_eq!(told_of(&lines), [""; 0]);
    }

    #[test]
    fn a_mount_that_cannot_be_written_of_a_file_system_that_can_is_told() {
        let line = "40 22 254:1 / /srv ro - ext4 /dev/vda1 rw";
        assert_eq!(told_of(&[line]), ["/srv"]);
    }

    #[test]
    fn the_root_is_told_whatever_it_is_made_of() {
        assert_eq!(told_of(&["22 1 0:55 / / rw - overlay overlay rw,upperdir=/u"]), ["/"]);
    }

    #[test]
    fn a_file_system_is_told_once_at_its_shortest_mount_point() {
        let lines = [
            "50 22 254:0 /hosts /etc/hosts rw - ext4 /dev/vda rw",
            "51 22 254:0 /srv /srv/b rw - ext4 /dev/vda rw",
            "52 22 254:0 /srv /srv/a rw - ext4 /dev/vda rw",
            "53 22 254:0 /names /etc/resolv.conf rw - ext4 /dev/vda rw",
        ];
        assert_eq!(told_of(&lines), ["/srv/a"]);
    }

    #[test]
    fn subvolumes_of_one_file_system_share_its_room() {
        let lines = [
            "60 1 0:30 /@ / rw - btrfs /dev/sda2 rw,subvol=/@",
            "61 60 0:30 /@home /home rw - btrfs /dev/sda2 rw,subvol=/@home",
        ];
        assert_eq!(told_of(&lines), ["/"]);
    }

    #[test]
    fn mount_points_are_read_as_they_are_meant() {
        let line = |mount_point: &str| format!("70 22 8:5 / {mount_point} rw - ext4 /dev/sda5 rw");
        let rows = [
            (r"/mnt/my\040disk", "/mnt/my disk"),
            (r"/mnt/a\011b\012c\043d", "/mnt/a\tb\nc#d"),
            (r"/mnt/a\134040b", r"/mnt/a\040b"),
        ];
        for (written, meant) in rows {
            assert_eq!(told_of(&[line(written).as_str()]), [meant]);
        }
    }
}
