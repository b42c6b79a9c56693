//! What the kernel counts, against what the test makes happen.

use std::net::UdpSocket;

use super::*;

fn loopback() -> Moved {
    ProcFigures::open().unwrap().interfaces().unwrap()["lo"]
}

#[test]
fn bytes_sent_over_the_loopback_interface_are_counted() {
    let before = loopback();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let sent = socket.send_to(&[7; 10_000], address).unwrap();
    assert_eq!(socket.recv(&mut [0; 10_000]).unwrap(), sent);
    let after = loopback();
    assert!(after.in_bytes >= before.in_bytes + 10_000, "{before:?} {after:?}");
    assert!(after.out_bytes >= before.out_bytes + 10_000, "{before:?} {after:?}");
}

#[test]
fn partitions_and_loop_devices_are_no_disks() {
    let disks = ProcFigures::open().unwrap().disks().unwrap();
    for name in disks.keys() {
        assert!(!name.starts_with("loop"), "{name}");
        let folder = Path::new("/sys/block").join(name.replace('/', "!"));
        assert!(folder.is_dir(), "{name} is a part of another");
    }
}

#[test]
fn every_file_system_told_has_room_and_a_mount_point_that_is_there() {
    let file_systems = ProcFigures::open().unwrap().file_systems().unwrap();
    for (mount_point, space) in file_systems.spaces {
        assert!(Path::new(&*mount_point).exists(), "{mount_point}");
        assert!(space.used_percent().is_some(), "{mount_point}");
    }
}
