//! Owning a name in the file system (W7).

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use daemoneye_eventbus::transport::{AddressError, BindError, Listener};
use daemoneye_eventbus::{BrokerConfig, SocketAddress};
use tempfile::TempDir;

use crate::served::Served;

fn address(folder: &TempDir) -> SocketAddress {
    SocketAddress::from_path(folder.path().join("bus.sock")).unwrap()
}

#[test]
fn the_socket_is_for_its_owner_alone() {
    let folder = TempDir::new().unwrap();
    let address = address(&folder);
    let _listener = Listener::bind(&address).unwrap();
    let mode = fs::metadata(address.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_stale_socket_and_its_lock_file_are_reclaimed() {
    let folder = TempDir::new().unwrap();
    let address = address(&folder);
    drop(UnixListener::bind(address.path()).unwrap());
    fs::write(folder.path().join("bus.sock.lock"), "999999").unwrap();
    let listener = Listener::bind(&address).unwrap();
    let error = Listener::bind(&address).unwrap_err();
    let own = std::process::id();
    assert!(matches!(error, BindError::InUse { pid: Some(pid), .. } if pid == own), "{error}");
    assert!(error.to_string().contains(&own.to_string()), "{error}");
    drop(listener);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    Listener::bind(&address).unwrap();
}

#[test]
fn a_live_socket_without_a_lock_file_is_not_taken_over() {
    let folder = TempDir::new().unwrap();
    let address = address(&folder);
    let foreign = UnixListener::bind(address.path()).unwrap();
    let error = Listener::bind(&address).unwrap_err();
    assert!(matches!(error, BindError::InUse { .. }), "{error}");
    assert!(address.path().exists());
    drop(foreign);
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let address = address(&folder);
    fs::write(address.path(), "precious").unwrap();
    let error = Listener::bind(&address).unwrap_err();
    assert!(matches!(error, BindError::Io { .. }), "{error}");
    assert_eq!(fs::read_to_string(address.path()).unwrap(), "precious");
}

#[test]
fn a_missing_folder_is_named_in_the_error() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("missing").join("bus.sock");
    let error = Listener::bind(&SocketAddress::from_path(&path).unwrap()).unwrap_err();
    assert!(error.to_string().contains("missing"), "{error}");
    let BindError::Io { source, .. } = error else { panic!("{error}") };
    assert_eq!(source.kind(), ErrorKind::NotFound);
}

#[test]
fn a_path_over_the_limit_is_refused_with_the_limit() {
    let at_limit = |limit: usize| format!("/{}", "p".repeat(limit - 1));
    let limit = if cfg!(target_os = "linux") { 107 } else { 103 };
    SocketAddress::from_path(at_limit(limit)).unwrap();
    let error = SocketAddress::from_path(at_limit(limit + 1)).unwrap_err();
    let AddressError::TooLong { bytes, limit_bytes, .. } = &error else { panic!("{error}") };
    assert_eq!((*bytes, *limit_bytes), (limit + 1, limit));
    assert!(error.to_string().contains(&limit.to_string()), "{error}");
}

#[test]
fn a_path_of_exactly_the_limit_can_be_bound() {
    let folder = TempDir::new().unwrap();
    let limit = if cfg!(target_os = "linux") { 107 } else { 103 };
    let room = limit - folder.path().as_os_str().len() - 1;
    let address = SocketAddress::from_path(folder.path().join("s".repeat(room))).unwrap();
    Listener::bind(&address).unwrap();
}

#[tokio::test]
async fn after_a_shutdown_the_name_can_be_served_again_at_once() {
    let mut served = Served::new(BrokerConfig::default());
    for _ in 0..20 {
        served.broker.shutdown(crate::peer::WATCHDOG).await.unwrap();
        assert_eq!(fs::read_dir(served.folder.path()).unwrap().count(), 0);
        served.broker = daemoneye_eventbus::DaemoneyeBroker::new(BrokerConfig::default());
        served.broker.serve(Listener::bind(&served.address).unwrap()).unwrap();
        served.raw("again").fence();
    }
}

#[test]
fn of_many_who_race_for_a_name_at_most_one_has_it() {
    let folder = TempDir::new().unwrap();
    let address = address(&folder);
    let holders = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..300 {
                    let Ok(listener) = Listener::bind(&address) else { continue };
                    let others = holders.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    assert_eq!(others, 0, "two listeners own one name");
                    holders.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                    drop(listener);
                }
            });
        }
    });
}
