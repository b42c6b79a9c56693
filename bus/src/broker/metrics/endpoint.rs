//! The few words of HTTP that a scraper says: one request, one answer, one connection at a time.

use std::io;
use std::sync::Weak;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusRecorder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::super::{Phase, Shared};
use super::figures;

/// Longest head of a request, bytes.
const MAX_HEAD_BYTES: usize = 8 << 10;
/// How long a scraper may take for its request, and again for its answer.
const SCRAPE_LIMIT: Duration = Duration::from_secs(2);
/// Pause after a failed accept, so that it does not spin.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// Answers scrapers until the broker ends.
pub(super) async fn serve(
    shared: Weak<Shared>,
    recorder: PrometheusRecorder,
    listener: TcpListener,
    mut phase: watch::Receiver<Phase>,
) {
    metrics::with_local_recorder(&recorder, figures::describe);
    loop {
        let scraper = tokio::select! {
            accepted = listener.accept() => accepted.map(|(scraper, _)| scraper),
            _ = phase.wait_for(|phase| *phase >= Phase::Ending) => return,
        };
        let answered = async {
            match scraper {
                Ok(scraper) => answer(&shared, &recorder, scraper).await,
                Err(error) => {
                    sleep(ACCEPT_RETRY).await;
                    Err(error)
                }
            }
        };
        tokio::select! {
            answered = answered => if let Err(error) = answered {
                tracing::debug!(%error, "a scrape failed");
            },
            _ = phase.wait_for(|phase| *phase >= Phase::Ending) => return,
        }
    }
}

async fn answer(
    shared: &Weak<Shared>,
    recorder: &PrometheusRecorder,
    mut scraper: TcpStream,
) -> io::Result<()> {
    let head = timeout(SCRAPE_LIMIT, head(&mut scraper)).await??;
    let answer = match wanted(&head) {
        Wanted::Metrics => match shared.upgrade() {
            Some(shared) => {
                metrics::with_local_recorder(recorder, || figures::record(&shared));
                let handle = recorder.handle();
                handle.run_upkeep();
                response("200 OK", &handle.render())
            }
            None => return Ok(()),
        },
        Wanted::Elsewhere => response("404 Not Found", "the metrics are at /metrics\n"),
        Wanted::Otherwise => response("405 Method Not Allowed", "there is GET alone\n"),
        Wanted::Nothing => response("400 Bad Request", "this is no request\n"),
    };
    timeout(SCRAPE_LIMIT, scraper.write_all(answer.as_bytes())).await??;
    timeout(SCRAPE_LIMIT, scraper.shutdown()).await?
}

/// Reads up to the empty line, or as much as is allowed.
async fn head(scraper: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut chunk = [0; 1024];
    while head.len() < MAX_HEAD_BYTES && !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match scraper.read(&mut chunk).await? {
            0 => break,
            bytes => head.extend_from_slice(&chunk[..bytes]),
        }
    }
    Ok(head)
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Metrics,
    Elsewhere,
    Otherwise,
    Nothing,
}

fn wanted(head: &[u8]) -> Wanted {
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let Ok(line) = std::str::from_utf8(line) else { return Wanted::Nothing };
    let mut words = line.split(' ');
    match (words.next(), words.next(), words.next()) {
        (Some("GET"), Some(path), Some(version)) if version.starts_with("HTTP/1.") => {
            let path = path.split('?').next().unwrap_or_default();
            if path == "/metrics" { Wanted::Metrics } else { Wanted::Elsewhere }
        }
        (Some(_), Some(_), Some(version)) if version.starts_with("HTTP/1.") => Wanted::Otherwise,
        _ => Wanted::Nothing,
    }
}

fn response(status: &str, text: &str) -> String {
    let bytes = text.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
         Content-Length: {bytes}\r\nConnection: close\r\n\r\n{text}"
    )
}

#[cfg(test)]
mod tests {
    use super::{Wanted, wanted};

    #[test]
    fn only_get_of_metrics_is_answered_with_them() {
        let ask = |line: &str| wanted(format!("{line}\r\nHost: x\r\n\r\n").as_bytes());
        assert_eq!(ask("GET /metrics HTTP/1.1"), Wanted::Metrics);
        assert_eq!(ask("GET /metrics?x=1 HTTP/1.0"), Wanted::Metrics);
        assert_eq!(ask("GET / HTTP/1.1"), Wanted::Elsewhere);
        assert_eq!(ask("POST /metrics HTTP/1.1"), Wanted::Otherwise);
        assert_eq!(ask("GET /metrics"), Wanted::Nothing);
        assert_eq!(wanted(b"\xff\xfe"), Wanted::Nothing);
        assert_eq!(wanted(b""), Wanted::Nothing);
    }
}
