use tokio::sync::Semaphore;

use crate::config::Secret;

/// Each may be a process of its own, and all take the threads that the state is written by.
static TURNS: Semaphore = Semaphore::const_new(Secret::AT_ONCE);

/// Reads a secret where a slow disk keeps nothing else from going on, a few at a time.
pub(crate) async fn aside<T: Send + 'static>(
    read: fn(&Secret) -> Result<T, String>,
    secret: Secret,
) -> Result<T, String> {
    let turn = TURNS.acquire().await.map_err(|error| error.to_string())?;
    let reading = tokio::task::spawn_blocking(move || {
        // It goes on to its end, also when nobody waits for it any more.
        let _turn = turn;
        read(&secret)
    });
    reading.await.map_err(|error| error.to_string())?
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread::sleep;
    use std::time::Duration;

    use super::*;

    static GOING: AtomicUsize = AtomicUsize::new(0);

    /// Gives how many are read at the same time.
    fn count(_: &Secret) -> Result<usize, String> {
        let going = GOING.fetch_add(1, Ordering::SeqCst) + 1;
        sleep(Duration::from_millis(2));
        GOING.fetch_sub(1, Ordering::SeqCst);
        Ok(going)
    }

    #[tokio::test]
    async fn a_few_are_read_at_a_time() {
        let all = (0..64).map(|_| tokio::spawn(aside(count, Secret::Literal("x".to_owned()))));
        let all: Vec<_> = all.collect();
        for one in all {
            let going = one.await.unwrap().unwrap();
            assert!(going <= Secret::AT_ONCE, "{going}");
        }
    }
}
