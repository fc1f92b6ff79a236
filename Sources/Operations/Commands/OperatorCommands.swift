public import ArgumentParser

/// The operator's commands, in the order of the program's help.
public var operatorCommands: [any ParsableCommand.Type] {
    [
        Migrate.self, Token.self, Check.self, Setup.self, Restart.self, Backup.self, Restore.self, Import.self,
        ShowStatus.self,
    ]
}
