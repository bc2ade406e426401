//! What was measured, as a table.

use std::time::Duration;

/// One slice of one client.
pub struct Slice {
    per_second: f64,
    cpu: f64,
    median: f64,
}

impl Slice {
    pub fn new(mut latencies: Vec<Duration>, elapsed: Duration, cpu: Duration) -> Self {
        let count = latencies.len() as f64;
        latencies.sort_unstable();
        Self {
            per_second: count / elapsed.as_secs_f64(),
            cpu: micros(cpu) / count,
            median: latencies
                .get(latencies.len() / 2)
                .map_or(0.0, |&half| micros(half)),
        }
    }
}

/// All slices of one case, in rounds.
pub struct Report {
    callers: usize,
    clients: Vec<(&'static str, Vec<Slice>)>,
}

impl Report {
    pub fn new(callers: usize) -> Self {
        Self {
            callers,
            clients: Vec::new(),
        }
    }

    pub fn add(&mut self, name: &'static str, slice: Slice) {
        match self.clients.iter_mut().find(|(known, _)| *known == name) {
            Some((_, slices)) => slices.push(slice),
            None => self.clients.push((name, vec![slice])),
        }
    }

    /// Medians over the rounds; the last column is how many times the client's throughput
    /// s3-valkey reaches in the same round.
    pub fn print(&self) {
        println!("\nGET, {} concurrent callers", self.callers);
        println!("| client | per second | p50 µs | CPU µs/op | s3-valkey × |");
        println!("| --- | --- | --- | --- | --- |");
        let ours = &self
            .clients
            .iter()
            .find(|(name, _)| *name == "s3-valkey")
            .expect("it ran")
            .1;
        for (name, slices) in &self.clients {
            let of = |value: fn(&Slice) -> f64| median(slices.iter().map(value).collect());
            let ratios = ours
                .iter()
                .zip(slices)
                .map(|(our, their)| our.per_second / their.per_second);
            println!(
                "| {name} | {:.0} | {:.1} | {:.2} | {:.2} |",
                of(|slice| slice.per_second),
                of(|slice| slice.median),
                of(|slice| slice.cpu),
                median(ratios.collect()),
            );
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// Processor time of this process so far; zero where the system does not tell it in `/proc`.
pub fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The fields behind the command's name, which may hold spaces: user and system time in ticks.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}
