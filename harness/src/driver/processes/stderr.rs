//! What a process says on standard error: its end in memory, for messages, and all of an actor's in a file of
//! its trial.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::ChildStderr;

/// Lines kept for a message.
const TAIL_LINES: usize = 20;
/// Longest line, bytes; what is longer is taken for several.
const MAX_LINE_BYTES: u64 = 64 * 1024;
/// Most that is written down of one actor, bytes: a broken one may say the same for ever. What is left out is
/// counted in the file's last line.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;
/// What the names of the files end in.
const EXTENSION: &str = "stderr";

/// The file of one actor, made when it says something: one that says nothing has none. Whoever comes in its
/// place after it was killed goes on in it.
#[derive(Debug)]
pub(super) struct StderrFile {
    path: PathBuf,
    open: Option<File>,
    written_bytes: u64,
    left_out_bytes: u64,
}

impl StderrFile {
    /// That of the actor of this name in a trial's folder.
    pub(super) fn of(directory: &Path, name: &str) -> Self {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        let plain: String =
            name.chars().map(|letter| if is_plain(letter) { letter } else { '_' }).collect();
        let path = directory.join(format!("{plain}.{EXTENSION}"));
        Self { path, open: None, written_bytes: 0, left_out_bytes: 0 }
    }

    fn put(&mut self, line: &[u8]) {
        let bytes = line.len() as u64;
        // After the first that is left out so is all the rest: the file has no holes.
        if self.left_out_bytes > 0 || self.written_bytes + bytes > MAX_FILE_BYTES {
            self.left_out_bytes += bytes;
            return;
        }
        match self.write(line) {
            Ok(()) => self.written_bytes += bytes,
            Err(error) => {
                tracing::warn!(%error, path = %self.path.display(), "standard error is not kept");
                self.left_out_bytes += bytes;
            }
        }
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.open.is_none() {
            let opened = OpenOptions::new().create(true).append(true).open(&self.path)?;
            self.open = Some(opened);
        }
        self.open.as_mut().map_or(Ok(()), |file| file.write_all(line))
    }

    fn finish(mut self) {
        if self.left_out_bytes > 0 {
            let told = format!("(left out here: {} bytes more)\n", self.left_out_bytes);
            // Whoever could not write the rest may not be able to write this; it was warned of.
            let _ = self.write(told.as_bytes());
        }
    }
}

/// Removes the files that an earlier trial left in this folder.
pub(in crate::driver) fn clear_stderr(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == EXTENSION) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Reads standard error until it ends: the last lines into memory, everything into the file if there is one.
pub(super) async fn keep_all(
    mut stderr: BufReader<ChildStderr>,
    tail: Arc<Mutex<VecDeque<String>>>,
    mut file: Option<StderrFile>,
) {
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut stderr).take(MAX_LINE_BYTES).read_until(b'\n', &mut line).await;
        if !matches!(read, Ok(1..)) {
            break;
        }
        if let Some(file) = &mut file {
            file.put(&line);
        }
        push(&tail, &line);
    }
    if let Some(file) = file {
        file.finish();
    }
}

/// The same, for processes whose words are wanted for messages alone.
pub(in crate::driver) async fn keep_tail(
    stderr: BufReader<ChildStderr>,
    tail: Arc<Mutex<VecDeque<String>>>,
) {
    keep_all(stderr, tail, None).await;
}

fn push(tail: &Mutex<VecDeque<String>>, line: &[u8]) {
    let text = String::from_utf8_lossy(line);
    let mut tail = tail.lock();
    if tail.len() == TAIL_LINES {
        tail.pop_front();
    }
    tail.push_back(text.trim_end_matches(['\n', '\r']).to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_actor_says_is_written_down_up_to_a_limit_and_the_rest_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let line = vec![b'x'; 64 * 1024];
        let mut file = StderrFile::of(folder.path(), "a b/0");
        let fit = MAX_FILE_BYTES / line.len() as u64;
        for _ in 0..fit + 2 {
            file.put(&line);
        }
        file.put(b"short\n");
        file.finish();
        let kept = fs::read_to_string(folder.path().join("a_b_0.stderr")).unwrap();
        let rest = 2 * line.len() + b"short\n".len();
        assert!(kept.ends_with(&format!("x(left out here: {rest} bytes more)\n")));
    }

    #[test]
    fn who_comes_in_the_place_of_another_goes_on_and_the_next_trial_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        for said in ["first\n", "second\n"] {
            let mut file = StderrFile::of(folder.path(), "broker");
            file.put(said.as_bytes());
            file.finish();
        }
        let path = folder.path().join("broker.stderr");
        assert_eq!(fs::read_to_string(&path).unwrap(), "first\nsecond\n");
        fs::write(folder.path().join("other"), "").unwrap();
        clear_stderr(folder.path()).unwrap();
        assert!(!path.exists() && folder.path().join("other").exists());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn all_a_process_says_is_in_its_file_and_the_end_of_it_in_memory() {
        use std::process::Stdio;

        let folder = tempfile::tempdir().unwrap();
        let mut shell = tokio::process::Command::new("sh");
        // Not all of it is UTF-8, and the last line has no end.
        shell.args(["-c", r"for n in $(seq 30); do echo said $n; done >&2; printf '\377end' >&2"]);
        let mut child = shell.stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let tail = Arc::new(Mutex::new(VecDeque::new()));
        let file = StderrFile::of(folder.path(), "p0");
        keep_all(stderr, Arc::clone(&tail), Some(file)).await;
        child.wait().await.unwrap();
        let kept = fs::read(folder.path().join("p0.stderr")).unwrap();
        assert!(kept.starts_with(b"said 1\nsaid 2\n") && kept.ends_with(b"said 30\n\xffend"));
        let tail: Vec<String> = tail.lock().iter().cloned().collect();
        assert_eq!((tail.len(), tail[0].as_str()), (TAIL_LINES, "said 12"));
        assert_eq!(tail[TAIL_LINES - 1], "\u{fffd}end");
    }
}
