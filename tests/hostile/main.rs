//! Prints what comes of each hostile case and how much memory it takes, as a table in Markdown; or of
//! the one that is named, as JSON.

#![expect(clippy::print_stdout, reason = "that is what it is for")]

use std::error::Error;

use op_dd_tests::hostile::Case;

fn main() -> Result<(), Box<dyn Error>> {
    let cases = Case::all();
    let name = std::env::args().nth(1);
    if name.as_deref().is_some_and(|name| name.starts_with('-')) {
        println!(
            "hostile [CASE]: prints all cases with their memory, or what comes of one of these:"
        );
        for case in &cases {
            println!("  {}", case.name);
        }
        return Ok(());
    }
    if let Some(name) = name {
        let case = cases.iter().find(|case| case.name == name);
        let finding = case.ok_or("there is no such case")?.meet();
        println!("{}", serde_json::to_string(&finding)?);
        return Ok(());
    }
    let program = std::env::current_exe()?;
    println!("| what is sent | what comes of it | memory, MiB | bound |");
    println!("| --- | --- | --- | --- |");
    for case in cases {
        let finding = case.measure(&program);
        let said = finding.said.replace('|', "\\|");
        let peak = finding
            .peak
            .map_or("?".to_owned(), |bytes| (bytes >> 20).to_string());
        println!("| {} | {said} | {peak} | {} |", case.name, case.most);
    }
    Ok(())
}
