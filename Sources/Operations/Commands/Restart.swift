import ArgumentParser

/// Replaces the workers of this machine one after the other.
struct Restart: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Replace this machine's workers one after the other, so that no request waits.",
        discussion: "systemctl restart todo-fcgi.target would replace all at once. Needs root."
    )

    func run() throws {
        let workers = try Pool.active()
        if workers.isEmpty {
            print("no worker runs; systemctl start todo-fcgi.target starts those that are enabled")
        }
        for worker in workers {
            try Pool.systemctl("restart", worker)
            print("\(worker): replaced")
        }
    }
}
