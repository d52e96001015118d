"""Language models behind one port: any endpoint that speaks OpenAI's protocol, named by the settings alone."""
