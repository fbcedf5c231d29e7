// Loaded into the gateway, which knows nothing of the one that measures it: it ends when that one does, however it ends.
process.once('disconnect', () => process.exit());
process.channel.unref();
