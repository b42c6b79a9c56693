//! Child processes of this one: an actor starts none, so whatever is there was left behind by the
//! bus. Who was let go by its own parent in between is another's child, and not found here.

/// Ends every child and waits for it; returns their names and ids. None where the host does not
/// tell who they are.
#[cfg(target_os = "linux")]
pub(super) fn end_all() -> Vec<String> {
    running().into_iter().map(end).collect()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn end_all() -> Vec<String> {
    Vec::new()
}

/// Children of all threads, by process id.
#[cfg(target_os = "linux")]
fn running() -> Vec<i32> {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return Vec::new() };
    let lists = threads.flatten().filter_map(|thread| {
        // A thread that ends meanwhile leaves its children to another.
        std::fs::read_to_string(thread.path().join("children")).ok()
    });
    let lists: Vec<String> = lists.collect();
    let ids = lists.iter().flat_map(|list| list.split_whitespace());
    ids.filter_map(|id| id.parse().ok()).collect()
}

/// Kills a child; its id is nobody else's until it is waited for, here.
#[cfg(target_os = "linux")]
fn end(id: i32) -> String {
    use nix::sys::signal::{Signal, kill};
    use nix::sys::wait::waitpid;
    use nix::unistd::Pid;

    let name = std::fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
    let child = Pid::from_raw(id);
    // One that has ended already cannot be killed, and is waited for all the same.
    let _ = kill(child, Signal::SIGKILL);
    let _ = waitpid(child, None);
    format!("{} (process {id})", name.trim_end())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_child_is_named_ended_and_waited_for() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().expect("every host");
        let id = i32::try_from(child.id()).expect("an id");
        assert!(running().contains(&id));
        // Its name is its parent's until the kernel has finished starting it.
        let told = end(id);
        assert!(told.ends_with(&format!(" (process {id})")), "{told}");
        assert!(!running().contains(&id));
        assert!(child.wait().is_err(), "it was waited for");
    }
}
