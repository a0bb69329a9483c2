use std::error::Error as _;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::FaultKind;

/// How a fault ends a connection.
///
/// hyper answers properly or not at all. So it is told, by this as the service's error, to give the connection up,
/// which it does without a word; what the fault wants on the wire is then done to the socket itself.
#[derive(Debug, Clone, thiserror::Error)]
#[error("a fault ends the connection")]
pub(crate) enum Ending {
    /// Closed.
    Close,
    /// Reset.
    Reset,
    /// Left open without a word, until the client goes.
    Silence,
    /// Closed after these bytes.
    Bytes(Bytes),
    /// Closed after these bytes, each followed by a pause.
    Drip(Bytes, Duration),
}

impl Ending {
    /// What a fault does instead of the work.
    pub(crate) fn instead(fault: FaultKind) -> Option<Self> {
        match fault {
            FaultKind::Cut => Some(Self::Close),
            FaultKind::Reset => Some(Self::Reset),
            FaultKind::Silent => Some(Self::Silence),
            _ => None,
        }
    }

    /// What a fault makes of an answer on its way.
    pub(crate) fn of(answer: &Response<Bytes>, fault: FaultKind) -> Option<Self> {
        let body = answer.body();
        let bytes = |announced, sent: &[u8]| Bytes::from([&head(answer, announced), sent].concat());
        match fault {
            FaultKind::Half => Some(Self::Bytes(bytes(body.len(), &body[..body.len() / 2]))),
            FaultKind::Length(off) => {
                let announced = body.len().saturating_add_signed(off as isize);
                Some(Self::Bytes(bytes(announced, body)))
            }
            FaultKind::Drip(pause) => Some(Self::Drip(bytes(body.len(), body), pause)),
            _ => None,
        }
    }

    /// The ending that made hyper give a connection up.
    pub(crate) fn behind(error: &hyper::Error) -> Option<Self> {
        error.source()?.downcast_ref().cloned()
    }

    /// Makes an end. Errors are a client's that has gone already.
    pub(crate) async fn happen(self, mut stream: TcpStream) {
        match self {
            Self::Close => {}
            Self::Reset => {
                // What is closed without lingering is reset.
                let _ = stream.set_zero_linger();
            }
            Self::Silence => while stream.read(&mut [0]).await.is_ok_and(|read| read > 0) {},
            Self::Bytes(bytes) => {
                let _ = stream.write_all(&bytes).await;
            }
            Self::Drip(bytes, pause) => {
                for byte in bytes {
                    if stream.write_u8(byte).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }
}

/// An answer up to its body, as it goes over the wire.
fn head(answer: &Response<Bytes>, announced: usize) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {}\r\n", answer.status()).into_bytes();
    for (name, value) in answer.headers() {
        head.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    head.extend(format!("content-length: {announced}\r\nconnection: close\r\n\r\n").bytes());
    head
}
