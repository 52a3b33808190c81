"""The questions a guideline can ask of a chart; each finishes the sentence "the chart shows ..."."""
