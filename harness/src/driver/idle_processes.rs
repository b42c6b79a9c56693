//! Processes that are there and do nothing: what a collector meets on a host that has many.
//!
//! All of them wait for the end of one input. It ends when this process does, whatever ends that, so
//! none outlives a harness that was killed; and it takes one descriptor here, however many they are.

use std::io::{self, PipeWriter};
use std::process::{Child, Command, Stdio};

/// A small program that every host has and that does nothing before its input ends.
const PROGRAM: &str = if cfg!(windows) { "sort" } else { "cat" };

/// Idle children of this process. All have ended, and were waited for, when it is dropped.
#[derive(Debug)]
pub struct IdleProcesses {
    children: Vec<Child>,
    /// Nothing is written to it.
    input: Option<PipeWriter>,
}

impl IdleProcesses {
    /// Starts so many; after an error none of them remains. Blocks, for some milliseconds each.
    pub fn start(count: usize) -> io::Result<Self> {
        let (output, input) = io::pipe()?;
        let mut idle = Self { children: Vec::with_capacity(count), input: Some(input) };
        for _ in 0..count {
            let mut command = Command::new(PROGRAM);
            command.stdin(output.try_clone()?).stdout(Stdio::null()).stderr(Stdio::null());
            idle.children.push(command.spawn()?);
        }
        Ok(idle)
    }
}

impl Drop for IdleProcesses {
    fn drop(&mut self) {
        drop(self.input.take());
        for child in &mut self.children {
            // Not yet waited for, so its id is its own; one that has ended already is as good.
            let _ = child.kill();
        }
        for child in &mut self.children {
            let _ = child.wait();
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::driver::identity::Identity;

    fn lives(idle: &IdleProcesses) -> Vec<Identity> {
        let lives = idle.children.iter().map(|child| Identity::of(child.id()).expect("it runs"));
        lives.collect()
    }

    #[test]
    fn they_end_with_whoever_holds_them_though_that_panics() {
        let idle = IdleProcesses::start(3).expect("every host has the program");
        let lives = lives(&idle);
        assert_eq!(lives.len(), 3);
        let holder = std::thread::spawn(move || {
            let _held = idle;
            panic!("on purpose");
        });
        assert!(holder.join().is_err());
        assert!(lives.iter().all(|life| !life.is_running()));
    }

    #[test]
    fn they_end_by_themselves_with_their_input() {
        let mut idle = IdleProcesses::start(3).expect("every host has the program");
        drop(idle.input.take());
        for child in &mut idle.children {
            assert!(child.wait().expect("a child").success());
        }
    }
}
