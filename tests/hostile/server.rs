use std::io::{self, BufRead as _, BufReader, Read as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use super::answer::Answer;

/// Answers every request the same, on a connection of its own, and reads no more of it than it must.
/// Returns its address.
pub(super) fn serve(answer: Answer) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = Arc::clone(&answer);
            // A client that has enough hangs up, which is no fault of ours.
            thread::spawn(move || exchange(&stream, &answer));
        }
    });
    Ok(format!("http://{address}"))
}

fn exchange(stream: &TcpStream, answer: &Answer) -> io::Result<()> {
    let mut request = BufReader::new(stream);
    let mut length = 0;
    let mut line = String::new();
    while request.read_line(&mut line)? > 2 {
        let header = line.to_ascii_lowercase();
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        line.clear();
    }
    io::copy(&mut request.take(length), &mut io::sink())?;
    answer.write(stream)?;
    // What is on its way arrives before the end does.
    stream.shutdown(Shutdown::Write)?;
    io::copy(&mut &*stream, &mut io::sink())?;
    Ok(())
}
